import type { LoggedMessage } from '../message-log.ts';
import { decodeRequest, type GatewayRequest } from './requests.ts';

/** A logged frame with what it asks for, where it is a request that the gateway understands. */
export interface UnderstoodMessage extends LoggedMessage {
  readonly request?: GatewayRequest;
}

export function understand(message: LoggedMessage): UnderstoodMessage {
  const { direction, id, fields, fieldCount } = message;
  if (direction === 'sent' || id === 'greeting' || fields.length < fieldCount) return message;
  try {
    const request = decodeRequest([String(id), ...fields]);
    return request.kind === 'ignored' ? message : { ...message, request };
  } catch {
    // The gateway has told its sender already; the fields say what came.
    return message;
  }
}
