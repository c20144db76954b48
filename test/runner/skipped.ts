interface Skipping {
  /** What is missing can be installed nowhere, as the history of a clone: .ci/run may lack it. */
  readonly evenInCi?: boolean
  /** Whether .ci/run is what runs the tests: it installs all that they need. */
  readonly inCi?: boolean
}

/**
 * For `skipIf`, since a skipped test says nothing itself: prints a line where it is skipped. `what`: the tests, a
 * colon, and the thing that this machine lacks.
 * @throws Error in .ci/run, where no test is skipped
 */
export function skipped(
  isSkipped: boolean,
  what: string,
  { evenInCi = false, inCi = process.env.CI === 'true' && process.platform === 'linux' }: Skipping = {},
): boolean {
  if (isSkipped && inCi && !evenInCi)
    throw new Error(`CI=true skips no test, and .ci/run installs what is missing: ${what}`)
  if (isSkipped) console.log(`Skipped: ${what}`)
  return isSkipped
}
