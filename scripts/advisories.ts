import { fileURLToPath } from 'node:url'
import { toolArguments } from '../test/tool-arguments.ts'
import { advisoriesOf } from './supply-chain/advisories.ts'
import { npm } from './supply-chain/npm.ts'

const usage = `npm run advisories [-- --must-answer]
Asks the registry of npm whether it knows of faults in the packages that an installation brings with it. Exit code 1 if it does.
Some registries have no such answer, mirrors for example: then it says so, with exit code 0, or 1 with --must-answer.`

const { values } = toolArguments(usage, { 'must-answer': { kind: 'flag' } })
const root = fileURLToPath(new URL('..', import.meta.url))
const found = advisoriesOf(npm(['audit', '--omit', 'dev', '--json'], root))
if (found.kind === 'none') console.log('The registry knows of no fault in what is shipped.')
if (found.kind === 'found') console.error(found.lines.join('\n'))
if (found.kind === 'not offered') console.error(`NOT CHECKED: this registry offers no advisories (${found.reason}).`)
process.exitCode = found.kind === 'found' || (found.kind === 'not offered' && values['must-answer']) ? 1 : 0
