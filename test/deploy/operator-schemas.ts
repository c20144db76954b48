import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly [word: string]: unknown
}

interface Definition {
  readonly spec: {
    readonly names: { readonly kind: string }
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[]
  }
}

/** A folder for kubeconform with the schemas that are in the CustomResourceDefinitions of these folders. */
export function operatorSchemas(folders: readonly string[]): string {
  const target = mkdtempSync(join(tmpdir(), 'tailrace-operator-schemas-'))
  for (const folder of folders) {
    for (const file of readdirSync(folder)) {
      for (const document of parseAllDocuments(readFileSync(join(folder, file), 'utf8'))) {
        const { names, versions } = (document.toJS() as Definition).spec
        for (const { name, schema } of versions) {
          const path = join(target, `${names.kind.toLowerCase()}-${name}.json`)
          writeFileSync(path, JSON.stringify(strict(schema.openAPIV3Schema)))
        }
      }
    }
  }
  return target
}

/** Kubernetes drops fields that a definition does not have; here they are faults. */
function strict(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strict)
  if (typeof schema !== 'object' || schema === null) return schema
  const inside = Object.fromEntries(Object.entries(schema).map(([word, part]) => [word, strict(part)]))
  const isOpen = 'additionalProperties' in schema || 'x-kubernetes-preserve-unknown-fields' in schema
  const isObject = 'type' in schema && schema.type === 'object' && 'properties' in schema
  return isObject && !isOpen ? { ...inside, additionalProperties: false } : inside
}
