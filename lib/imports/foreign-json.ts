/** JSON of another service. An error tells the place and none of the text, which may be a secret. */
import { SourceRefused } from './import'

/** Throws `SourceRefused`. */
export function parseForeignJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const place = /at position \d+(?: \(line \d+ column \d+\))?/.exec(error instanceof Error ? error.message : '')?.[0]
    throw new SourceRefused(place === undefined ? 'not JSON' : `not JSON: an error ${place}`)
  }
}
