/** They are known as all others are. */
export function knowHttpErrors(): void {}
