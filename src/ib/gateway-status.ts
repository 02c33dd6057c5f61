import { z } from 'zod';
import type { Schema } from '../base/index.ts';
import type { PacingBudget } from './pacing/pacing-queue.ts';

/** The state of the gateway, for people and for readiness checks. */
export interface GatewayStatus {
  readonly host: string;
  readonly port: number;
  /** `degraded`: connected to the gateway, which has no link to IB. */
  readonly state: 'disconnected' | 'connecting' | 'ready' | 'degraded';
  readonly clientId?: number;
  readonly serverVersion?: number;
  /** Why it is not ready, in words. */
  readonly trouble?: string;
  readonly requests: { readonly inFlight: number; readonly waiting: number };
  readonly budget: PacingBudget;
}

export const gatewayStatusSchema: Schema<GatewayStatus> = z.object({
  host: z.string(),
  port: z.number().int(),
  state: z.enum(['disconnected', 'connecting', 'ready', 'degraded']),
  clientId: z.number().int().exactOptional(),
  serverVersion: z.number().int().exactOptional(),
  trouble: z.string().exactOptional(),
  requests: z.object({ inFlight: z.number().int(), waiting: z.number().int() }),
  budget: z.object({
    inFlight: z.number().int(),
    history: z.number().int(),
    small: z.number().int(),
    pausedMs: z.number().int(),
  }),
});
