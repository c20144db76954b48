const bytes = (count: number) => Buffer.alloc(count, 7).toString('base64')

/** What the tables keep of a password, and of a token. */
export const storedScram = { salt: bytes(16), iterations: 4096, storedKey: bytes(32), serverKey: bytes(32) }
export const storedUser = { name: 'ann', scram: { 'SCRAM-SHA-256': storedScram } } as const
export const storedToken = {
  id: '0123456789abcdef01234567',
  hash: bytes(32),
  principal: 'User:svc',
  scope: null,
  createdAt: 1,
  createdBy: 'User:ann',
  expiresAt: null,
}
