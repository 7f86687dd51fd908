/** HTTP/2 servers that nobody here wrote, as processes on loopback, and the wire that speaks to them. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../lib/clock'
import { makeHttp2Origin } from '../../lib/wire/http2'
import { type Origin, type OriginOptions } from '../../lib/wire/wire'
import { authority, ca, portOf } from './http2-peer'

export interface Workshop {
  /** Ends with the workshop; holds `cert.pem` and `key.pem`. */
  readonly folder: string
  readonly freePort: () => Promise<number>
  /** A process, and everything it says. */
  readonly start: (
    program: string,
    words: readonly string[],
  ) => { readonly child: ChildProcess; readonly said: () => string }
  readonly origin: (port: number, more?: Partial<OriginOptions>) => Origin
  /** Waits until something is so, as long as the spec may take. */
  readonly until: (so: () => boolean | Promise<boolean>) => Promise<void>
  readonly close: () => Promise<void>
}

export function openWorkshop(): Workshop {
  const folder = mkdtempSync(join(tmpdir(), 'h2-peer-'))
  const { certPem, keyPem } = authority.issueServer()
  writeFileSync(join(folder, 'cert.pem'), certPem)
  writeFileSync(join(folder, 'key.pem'), keyPem, { mode: 0o600 })
  const children: ChildProcess[] = []
  const origins: Origin[] = []
  return {
    folder,
    async freePort() {
      const probe = createServer()
      const port = await portOf(probe)
      probe.close()
      await once(probe, 'close')
      return port
    },
    start(program, words) {
      let said = ''
      const child = spawn(program, words, { cwd: folder })
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (said += text.toString()))
      children.push(child)
      return { child, said: () => said }
    },
    origin(port, more = {}) {
      const origin = makeHttp2Origin(
        {
          url: `https://localhost:${port}`,
          ca,
          requestTimeout: 10_000,
          connectTimeout: 5000,
          pingAfter: 15_000,
          maxBody: 1000,
          initialStreams: 0,
          maxStreams: 100,
          notice: () => undefined,
          ...more,
        },
        systemClock,
      )
      origins.push(origin)
      return origin
    },
    async until(so) {
      while (!(await so())) await new Promise((done) => setTimeout(done, 5))
    },
    async close() {
      await Promise.all(origins.map((origin) => origin.close(1000)))
      for (const child of children) {
        if (child.exitCode === null && child.signalCode === null) {
          child.kill()
          await once(child, 'exit')
        }
      }
      rmSync(folder, { recursive: true })
    },
  }
}
