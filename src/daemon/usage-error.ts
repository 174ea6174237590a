/** Something the user wrote, or a file he named, is wrong: one line on stderr and exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
