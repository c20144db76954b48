import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'

/** A library that is installed in `modules`, typed as far as it is used here. @throws Error that says what to run */
export function libraryIn<Library>(modules: string, name: string): Library {
  const load = createRequire(join(resolve(modules), 'package.json'))
  try {
    return load(name) as Library
  } catch (cause) {
    throw new Error(`${name} is not in ${modules}: run "npm install ${name}" there.`, { cause })
  }
}
