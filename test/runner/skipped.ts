/**
 * For `skipIf`, since a skipped test says nothing itself: prints a line where it is skipped. `what`: the tests, a
 * colon, and the thing that this machine lacks.
 */
export function skipped(isSkipped: boolean, what: string): boolean {
  if (isSkipped) console.log(`Skipped: ${what}`)
  return isSkipped
}
