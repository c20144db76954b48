/** They are known as all others are. */
export function knowMemberMessages(): void {}
