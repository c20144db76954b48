export { makeReaderRun } from '../../reader-run/make-reader-run.ts'
export { GroupMembers } from '../group-members.ts'
