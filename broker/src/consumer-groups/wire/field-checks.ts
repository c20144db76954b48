export function isNatural(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

export function areOnce(texts: readonly string[]): boolean {
  return new Set(texts).size === texts.length
}
