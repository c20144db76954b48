import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { expect, test } from 'vitest'
import { ManualClock } from '../../platform/testing/clock.ts'
import { tokenIssuer } from './token-issuer.ts'

const clock = new ManualClock(1.7e12)
const issuer = {
  jwksUrl: 'https://id.example/keys',
  issuer: 'https://id.example',
  audience: 'tailrace',
  principalClaim: 'sub',
  groupsClaim: 'groups',
}

async function verified(claims: JWTPayload) {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const keys = [await exportJWK(publicKey)]
  const { verify } = await tokenIssuer(issuer, clock, async () => Response.json({ keys }))
  const token = new SignJWT({ iss: issuer.issuer, aud: issuer.audience, ...claims })
  return verify(await token.setProtectedHeader({ alg: 'ES256' }).sign(privateKey))
}

test('a bearer has each group once, and none that no rule can name', async () => {
  const groups = ['ops', 'dev', 'ops', '', '*', 'g'.repeat(256), 'Team A']
  expect(await verified({ sub: 'alice', groups })).toEqual({
    principal: 'User:alice',
    groups: ['Group:ops', 'Group:dev', 'Group:Team A'],
    expiresAt: null,
  })
})

test.each(['', '*', ' alice', 'a'.repeat(256)])('the bearer of a token of %j is nobody', async (sub) => {
  await expect(verified({ sub })).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' })
})
