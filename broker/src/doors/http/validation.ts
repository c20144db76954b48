import { Ajv, type AnySchema, type ErrorObject, type ValidateFunction } from 'ajv'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import { sharedSchemas } from './schemas.ts'

/**
 * Checks requests against the routes' schemas. Text in a URL becomes the number that its schema asks for; a body is
 * taken as it is, since turning 5 into "5" or dropping an unknown field would store another record than was sent.
 */
export function validateRequests(app: FastifyInstance): void {
  let [ofUrl, ofBody]: (Ajv | undefined)[] = []
  for (const schema of sharedSchemas) app.addSchema(schema)
  app.setValidatorCompiler<AnySchema>(({ schema, httpPart }) =>
    compiledAtFirst(() => {
      if (httpPart === 'body') return (ofBody ??= checkerOfBodies()).compile(schema)
      // A parameter that may occur several times and occurs once is a list of one.
      ofUrl ??= new Ajv({ ...options, coerceTypes: 'array' })
      return ofUrl.compile(schema)
    }),
  )
  // Answers are ours already: fast-json-stringify would drop fields that a schema forgot, and check every value of a
  // union.
  app.setSerializerCompiler(() => JSON.stringify)
}

function neverAsked(): never {
  throw new Error('The compilers are those of validateRequests.')
}

/** For fastify's options: without them it loads compilers of its own, 40 ms of a start, that nobody asks. */
export const replacedCompilers: FastifyServerOptions['schemaController'] = {
  compilersFactory: { buildValidator: neverAsked, buildSerializer: neverAsked },
}

const options = {
  allErrors: false,
  useDefaults: true,
  removeAdditional: false,
  strict: true,
  allowUnionTypes: true,
} as const

function checkerOfBodies(): Ajv {
  const checker = new Ajv({ ...options, coerceTypes: false })
  for (const schema of sharedSchemas) checker.addSchema(schema as AnySchema)
  return checker
}

interface Validator {
  (data: unknown): boolean
  errors?: ErrorObject[] | null
}

/** Compiling the schemas of all routes is a fifth of the time until a broker is up, and few are asked for. */
function compiledAtFirst(compile: () => ValidateFunction): Validator {
  let compiled: ValidateFunction | null = null
  const validate: Validator = (data) => {
    compiled ??= compile()
    const isValid = compiled(data)
    validate.errors = compiled.errors ?? null
    return isValid
  }
  return validate
}
