import { z } from 'zod';
import { KtrdrError } from '../../base/index.ts';

const numbered = z.object({ version: z.number() });

/**
 * Tells content of a version to come from content that is damaged, before anything else is asked of it.
 * @throws KtrdrError `failed_precondition` for a version above the known one; `what` names what bears it.
 */
export function requireKnownVersion(content: unknown, known: number, what: string): void {
  const { version } = numbered.safeParse(content).data ?? { version: known };
  if (version <= known) return;
  throw new KtrdrError(
    'failed_precondition',
    `${what} has the layout ${version}, which a newer version of ktrdr wrote; this one knows up to ${known}. Use the newer one; nothing was changed.`,
    { details: { version, known } },
  );
}
