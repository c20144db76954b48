import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import type { SigningKey } from '../../webhook-port.ts'

const PEM = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/g

/** The Ed25519 keys of a text of PEM, in its order. @throws Error one of them is none, or there is none */
export function signingKeys(pem: string): SigningKey[] {
  const keys = (pem.match(PEM) ?? []).map((text) => keyOf(createPrivateKey(text)))
  if (keys.length === 0) throw new Error('There is no private key (PEM, PKCS #8).')
  return keys
}

function keyOf(key: KeyObject): SigningKey {
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('A key is not of Ed25519.')
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' })
  // RFC 7638: the required members in the order of their names.
  const thumbprint = createHash('sha256')
    .update(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x }))
    .digest('base64url')
  return {
    kid: `ds_${thumbprint}`,
    jwk: { kty: 'OKP', crv: 'Ed25519', x },
    sign: (bytes) => sign(null, bytes, key),
  }
}
