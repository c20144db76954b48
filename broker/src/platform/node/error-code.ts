/** The code that Node gives to errors of the system, such as ENOENT. */
export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}

/** Code of the error of a server that has taken a request and says nothing: whether it carries it out is not known. */
export const NO_ANSWER = 'ERR_NO_ANSWER'
