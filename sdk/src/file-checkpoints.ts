export { FileCheckpoints } from '@tailrace/consumer/file-checkpoints'
