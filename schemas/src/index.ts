export * from './entry.ts'
export * from './errors.ts'
export * from './ids.ts'
export * from './messages.ts'
