/**
 * The parts of Node's `util` that avsc uses, for browser bundles: they alias `util` to this file. The npm package of
 * that name would do too, but looks for `process` when it is loaded.
 */
type Constructor = { prototype: object; super_?: unknown }

export function inherits(child: Constructor, parent: Constructor): void {
  child.super_ = parent
  Object.setPrototypeOf(child.prototype, parent.prototype)
}

/** %s, %d and %j; further arguments follow after a space. */
export function format(text: string, ...values: unknown[]): string {
  let next = 0
  const filled = text.replace(/%[sdj]/g, (mark) => {
    if (next === values.length) return mark
    const value = values[next++]
    return mark === '%j' ? JSON.stringify(value) : String(value)
  })
  return [filled, ...values.slice(next).map(String)].join(' ')
}

export function debuglog(): () => void {
  return () => {}
}

export function deprecate<Value>(deprecated: Value): Value {
  return deprecated
}
