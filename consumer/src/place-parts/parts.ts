export { findBounds } from '../bounds.ts'
export { findOffset } from '../find-offset.ts'
export { readRecordsAt } from '../read-records.ts'
export { positionAt } from '../seek-place.ts'
