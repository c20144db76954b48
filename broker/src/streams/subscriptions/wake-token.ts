import type { Crypto } from '../../platform/crypto.ts'

type Keyed = Pick<Crypto, 'hmac' | 'equal'>

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

/** What a worker shows when it acks: of one wake of one subscription, signed with the secret of the subscription. */
export function wakeToken(crypto: Keyed, secret: string, number: string, generation: number): string {
  const payload = Buffer.from(JSON.stringify([number, generation])).toString('base64url')
  return `${payload}.${signature(crypto, secret, payload).toString('base64url')}`
}

/** The generation that a token is of; null: it is none of this subscription. */
export function generationOf(crypto: Keyed, secret: string, number: string, token: string): number | null {
  const [payload = '', signed = ''] = token.split('.', 2)
  if (!crypto.equal(signature(crypto, secret, payload), Buffer.from(signed, 'base64url'))) return null
  const [of, generation] = JSON.parse(Buffer.from(payload, 'base64url').toString()) as [string, number]
  return of === number ? generation : null
}

function signature(crypto: Keyed, secret: string, payload: string): Buffer {
  return Buffer.from(crypto.hmac('sha256', encode(secret), encode(payload)))
}
