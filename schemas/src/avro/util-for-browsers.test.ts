import nodeUtil from 'node:util'
import { describe, expect, it } from 'vitest'
import { debuglog, deprecate, format, inherits } from './util-for-browsers.ts'

describe('the replacement of util in a browser', () => {
  it.each([
    ['no marks', []],
    ['%s and %d', ['text', 7]],
    ['%j', [{ a: [1] }]],
    ['%s without a value', []],
    ['%s', ['one', 'two', 3]],
    ['%s %s', ['one']],
  ] as const)('formats %j as Node.js does', (text, values) => {
    expect(format(text, ...values)).toBe(nodeUtil.format(text, ...values))
  })

  it('lets a constructor inherit, and does nothing for messages to developers', () => {
    class Parent {
      hello() {
        return 'hello'
      }
    }
    const Child = function Child() {} as unknown as { new (): Parent; super_?: unknown }
    inherits(Child, Parent)
    expect(new Child()).toBeInstanceOf(Parent)
    expect(new Child().hello()).toBe('hello')
    expect(Child.super_).toBe(Parent)
    expect(deprecate(format)).toBe(format)
    expect(debuglog()()).toBeUndefined()
  })
})
