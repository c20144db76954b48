export { ConditionalSend } from './conditional-send.ts'
export { publishSpan } from './publish-spans.ts'
export { raiseFence } from './raise-fence.ts'
