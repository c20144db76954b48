import { expect, test } from 'vitest'
import { checkForSources, isOfCascade } from './source-certificate.ts'

const ofCascade = { names: ['localhost', 'cascade-101'] }
const others = [['broker-1'], ['localhost'], []].map((names) => ({ names }))
const settings = { authentication: 'off', insecure: false, sourceTlsCertFile: '/101.crt' } as const

test('a certificate is a credential where it names a cascade broker', () => {
  expect([ofCascade, ...others].map(isOfCascade)).toEqual([true, false, false, false])
})

test('a broker that shows one asks its own readers for credentials, or says that it does not', () => {
  const refused = { code: 'INVALID_SETTING', message: expect.stringMatching(/101\.crt.*authentication: required/) }
  for (const authentication of ['off', 'optional'] as const) {
    const check = checkForSources({ ...settings, authentication })!
    expect(() => check(ofCascade)).toThrow(expect.objectContaining(refused))
    for (const other of others) check(other)
    expect(checkForSources({ ...settings, authentication, insecure: true })).toBeUndefined()
  }
  expect(checkForSources({ ...settings, authentication: 'required' })).toBeUndefined()
})
