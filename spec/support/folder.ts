/** A folder of its own for a spec, gone when the spec file has ended. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export interface Folder {
  readonly path: string
  /** Writes a file, a value as JSON, and returns its path. */
  write(name: string, content: string | Buffer | object, mode?: number): string
}

/** Call it at the top of a spec file or a `describe`. */
export function makeFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'xmpp-push-spec-'))
  afterAll(() => rmSync(path, { recursive: true, force: true }))
  return {
    path,
    write(name, content, mode) {
      const file = join(path, name)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content))
      if (mode !== undefined) chmodSync(file, mode)
      return file
    },
  }
}
