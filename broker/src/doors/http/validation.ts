import { Ajv, type AnySchema, type ErrorObject, type ValidateFunction } from 'ajv'
import type { FastifyInstance } from 'fastify'
import { sharedSchemas } from './schemas.ts'

/**
 * Checks requests against the routes' schemas. Text in a URL becomes the number that its schema asks for; a body is
 * taken as it is, since turning 5 into "5" or dropping an unknown field would store another record than was sent.
 */
export function validateRequests(app: FastifyInstance): void {
  const options = {
    allErrors: false,
    useDefaults: true,
    removeAdditional: false,
    strict: true,
    allowUnionTypes: true,
  } as const
  const ofUrl = new Ajv({ ...options, coerceTypes: true })
  const ofBody = new Ajv({ ...options, coerceTypes: false })
  for (const schema of sharedSchemas) {
    app.addSchema(schema)
    ofBody.addSchema(schema as AnySchema)
  }
  app.setValidatorCompiler<AnySchema>(({ schema, httpPart }) =>
    compiledAtFirst(() => (httpPart === 'body' ? ofBody : ofUrl).compile(schema)),
  )
  // Answers are ours already: fast-json-stringify would drop fields that a schema forgot, and check every value of a
  // union.
  app.setSerializerCompiler(() => JSON.stringify)
}

interface Validator {
  (data: unknown): boolean
  errors?: ErrorObject[] | null
}

/** Compiling the schemas of all routes is an eighth of the time until a broker is up, and few are asked for. */
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
