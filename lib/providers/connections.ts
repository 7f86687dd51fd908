/** The setting `connections`: a number, or as many as the load needs. */
import { z } from 'zod'

export type Connections = number | 'auto'

const MOST = 16

/** The key of an app's options. */
export const connectionsOption = z.union([z.int().min(1).max(MOST), z.literal('auto')]).optional()

/** To be spread into the options of a wire. */
export function wireConnections(setting: Connections = 'auto'): {
  readonly connections: number
  readonly growing?: true
} {
  return setting === 'auto' ? { connections: MOST, growing: true } : { connections: setting }
}
