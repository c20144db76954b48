/** The parts of which the JSON schemas of this gateway consist. */

export const integer = { type: 'integer' } as const
export const string = { type: 'string' } as const
export const bool = { type: 'boolean' } as const
export const array = (items: object) => ({ type: 'array', items }) as const

export const levelRange = {
  ...object({ lowest: { ...integer, minimum: 1 }, highest: { ...integer, minimum: 1 } }),
  description: 'The feature levels that it supports.',
} as const

/** An object with all of `properties` required unless named in `optional`. */
export function object(properties: Record<string, object>, optional: readonly string[] = []): object {
  const required = Object.keys(properties).filter((name) => !optional.includes(name))
  return { type: 'object', properties, required, additionalProperties: false }
}
