import { describe, expect, it } from 'vitest'
import { brokerOfNames, certificateRules, isCertificateRules, nameOfSubject } from './certificate-names.ts'

const subject = 'CN=Alice.ops,OU=Logs,O=Example'
const named = (rules: string, of = subject) => nameOfSubject(certificateRules(rules), of)

describe('the name of a certificate', () => {
  it.each([
    ['CN', 'Alice.ops'],
    ['DN', subject],
    ['DEFAULT', subject],
    ['RULE:^CN=(.*?),OU=Logs.*$/$1/', 'Alice.ops'],
    ['RULE:^CN=(.*?),OU=Logs.*$/$1/L', 'alice.ops'],
    ['RULE:CN=(.*?),.*/$1@example/U', 'ALICE.OPS@EXAMPLE'],
    ['RULE:CN=bob,.*/bob/,CN', 'Alice.ops'],
    ['RULE:CN=([^,.]+)\\..*/$1/', 'Alice'],
  ])('by %s is %s', (rules, name) => expect(named(rules)).toBe(name))

  it('is none where no rule matches', () => {
    expect(named('RULE:CN=bob,.*/bob/')).toBeNull()
    expect(named('CN', 'O=Example')).toBeNull()
  })

  it('is not taken out of the value of another attribute', () => {
    expect(named('CN', 'OU=Logs\\,CN=admin,CN=bob,O=Example')).toBe('bob')
    expect(named('CN', 'OU=Logs\\,CN=admin')).toBeNull()
    expect(named('CN', 'OU=Logs\\\\,CN=bob')).toBe('bob')
  })

  it.each([
    [['localhost', 'cascade-101'], 'Cascade:101'],
    [['broker-3', 'cascade-101'], 'Broker:3'],
    [['cascade-101', 'cascade-102'], 'Cascade:101'],
  ])('%j is that of a broker', (names, principal) => expect(brokerOfNames(names)).toBe(principal))

  it.each([
    [],
    ['a.example'],
    ['cascade-0'],
    ['cascade-01'],
    ['cascade-'],
    ['xcascade-1'],
    ['cascade-1.example'],
    ['*'],
  ])('%j is that of no broker', (...names) => expect(brokerOfNames(names)).toBeNull())

  it.each(['', 'cn', 'RULE:', 'RULE:a/b', 'RULE:(/x/', 'CN,', 'CN DN', 'CN,RULE:a/b/X'])('%j is no rule', (text) =>
    expect(isCertificateRules(text)).toBe(false),
  )
})
