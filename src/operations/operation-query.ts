import { isTerminal, operationStatuses, type Operation, type OperationStatus } from './operation.ts';
import type { PagePlace } from './page-cursor.ts';

export interface OperationFilter {
  status?: readonly OperationStatus[];
  type?: string;
  parent?: string;
}

export interface OperationPage {
  /** Newest first. */
  operations: Operation[];
  /** What the filter lets through, on all pages. */
  total: number;
  /** Where the next page begins; absent on the last one. */
  nextCursor?: string;
}

export interface PageRequest extends OperationFilter {
  /** 1 to 1000. */
  limit?: number;
  /** `nextCursor` of the page before. */
  cursor?: string;
}

/** A statement of SQL with what it is run with. Of texts there are few, so that each is prepared once. */
export interface Query {
  readonly text: string;
  readonly values: (string | number)[];
}

const order = 'ORDER BY created_at DESC, seq DESC';

export function countQuery(filter: OperationFilter): Query {
  const { where, values } = conditions(filter);
  return { text: `SELECT count(*) AS total FROM operations WHERE ${where}`, values };
}

/**
 * The newest that a filter lets through, beginning behind a place. Each status is a walk of its own along an index, which
 * ends after as many rows as are wanted; the walks are merged.
 */
export function pageQuery(
  { status, ...filter }: OperationFilter,
  { from, limit }: { from: PagePlace | undefined; limit: number },
): Query {
  // An index leads from a type to its statuses, in time; parts of one parent are few.
  const isByStatus = filter.parent === undefined && (status !== undefined || filter.type !== undefined);
  const walks = isByStatus
    ? uniqueStatuses(status ?? operationStatuses).map((one): OperationFilter => ({ ...filter, status: [one] }))
    : [{ ...filter, ...(status === undefined ? {} : { status }) }];
  const values: Query['values'] = [];
  const parts = walks.map((walk) => {
    const { where, values: wanted } = conditions(walk);
    values.push(...wanted, ...(from === undefined ? [] : [from.createdAt, from.seq]), limit);
    const behind = from === undefined ? '' : ' AND (created_at, seq) < (?, ?)';
    return `SELECT * FROM (SELECT seq, created_at FROM operations WHERE ${where}${behind} ${order} LIMIT ?)`;
  });
  if (parts.length === 0) return { text: 'SELECT id, record, created_at, seq FROM operations WHERE 0', values };
  const text = `SELECT id, record, created_at, seq FROM operations WHERE seq IN (
      SELECT seq FROM (${parts.join(' UNION ALL ')} ${order} LIMIT ?)) ${order}`;
  return { text, values: [...values, limit] };
}

/** Ids and versions of what changed after a version, in the order of the changes. */
export function changesQuery(filter: OperationFilter, { after, limit }: { after: number; limit: number }): Query {
  const isRare = filter.status?.every((status) => !isTerminal(status)) === true;
  const { where, values } = conditions(filter, isRare ? 'status' : 'version');
  return {
    text: `SELECT id, version FROM operations WHERE ${where} AND version > ? ORDER BY version LIMIT ?`,
    values: [...values, after, limit],
  };
}

/**
 * A plus keeps SQLite from an index: `by` names the column whose index is to be used where the statistics that SQLite
 * does not have would be needed to see that it is the best.
 */
function conditions(
  { status, type, parent }: OperationFilter,
  by?: 'status' | 'version',
): { where: string; values: string[] } {
  const parts = ['1'];
  const values: string[] = [];
  const isOfFamily = parent !== undefined;
  const mark = (column: string, isFree: boolean): string => (isFree ? column : `+${column}`);
  if (type !== undefined) {
    parts.push(`${mark('type', by === undefined && !isOfFamily)} = ?`);
    values.push(type);
  }
  if (status !== undefined) {
    const wanted = uniqueStatuses(status);
    const one = wanted.length === 1 ? '= ?' : `IN (${wanted.map(() => '?').join(', ')})`;
    parts.push(`${mark('status', by !== 'version' && !isOfFamily)} ${one}`);
    values.push(...wanted);
  }
  if (isOfFamily) {
    parts.push('parent = ?');
    values.push(parent);
  }
  return { where: parts.join(' AND '), values };
}

/** Each once and always in the same order, whatever the order of those that were asked for. */
function uniqueStatuses(wanted: readonly OperationStatus[]): OperationStatus[] {
  return operationStatuses.filter((status) => wanted.includes(status));
}
