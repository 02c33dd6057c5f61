import * as z from 'zod/mini';

/** Names chosen by a client. The alphabet keeps them safe in a URL, a log line and a file name. */
export const operationIdSchema = z
  .string()
  .check(
    z.regex(
      /^[A-Za-z0-9][A-Za-z0-9_.-]{0,119}$/,
      'an id has 1 to 120 letters, digits, "_", "-" or "." and starts with a letter or digit',
    ),
  );
