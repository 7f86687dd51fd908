/** node-forge, loaded when the first certificate is read: who has a key of Apple's, as most have, carries none of it about. */
import type * as Forge from 'node-forge'

/** Called once for each reading, not for each part. */
export function forge(): typeof Forge {
  return module.require('node-forge') as typeof Forge
}
