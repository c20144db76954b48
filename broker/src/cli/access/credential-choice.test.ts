import { describe, expect, it } from 'vitest'
import { type CredentialLevel, chooseCredential } from './credential-choice.ts'

const text = (value: string) => ({ text: value })
const flags = (given: Partial<CredentialLevel>): CredentialLevel => ({ origin: 'flags', ...given })
const environment = (given: Partial<CredentialLevel>): CredentialLevel => ({ origin: 'environment', ...given })

describe('of several places', () => {
  it.each<[string, CredentialLevel[], unknown]>([
    ['none says anything', [flags({}), environment({})], null],
    ['a token', [flags({ token: text('t') })], { token: text('t') }],
    ['the earlier token wins', [flags({ token: text('a') }), environment({ token: text('b') })], { token: text('a') }],
    [
      'a user and a password from different places',
      [flags({ user: 'ann' }), environment({ password: text('p') })],
      { user: 'ann', password: text('p') },
    ],
    [
      'the password of the same user',
      [flags({ user: 'ann' }), environment({ user: 'ann', password: text('p') })],
      { user: 'ann', password: text('p') },
    ],
    [
      'never the password of another',
      [flags({ user: 'ann' }), environment({ user: 'bob', password: text('p') })],
      { user: 'ann', password: null },
    ],
    [
      'a password first, for the user of a later place',
      [flags({ password: text('p') }), environment({ user: 'bob', password: text('q') })],
      { user: 'bob', password: text('p') },
    ],
    [
      'a user before the token of a later place',
      [flags({ user: 'ann' }), environment({ token: text('t'), password: text('p') })],
      { user: 'ann', password: text('p') },
    ],
    [
      'a token before the user of a later place',
      [flags({ token: text('t') }), environment({ user: 'ann', password: text('p') })],
      { token: text('t') },
    ],
  ])('%s', (_name, levels, choice) => {
    expect(chooseCredential(levels)).toEqual(choice)
  })

  it('one that names a user and a token, or a password without a user, is refused', () => {
    expect(() => chooseCredential([flags({ user: 'ann', token: text('t') })])).toThrow('flags: give a user or a token')
    expect(() => chooseCredential([flags({}), environment({ password: text('p') })])).toThrow(
      'environment: a password without a user',
    )
  })
})
