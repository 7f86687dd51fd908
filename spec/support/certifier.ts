/** Runs a client that nobody here wrote, unmodified, in a process of its own, against the simulators. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compiled } from './compiled'

const CERTIFIERS = join(__dirname, '..', 'sim', 'certifiers')

/** What it printed, as JSON. `hosts`: Google's names and the simulators' ports; `ca`: whom it is to trust besides the world. */
export async function certify(
  client: string,
  surroundings: { readonly hosts: Readonly<Record<string, number>>; readonly ca: string },
  task: unknown,
): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'certify-'))
  const ca = join(folder, 'ca.pem')
  await writeFile(ca, surroundings.ca)
  const args = ['--require', compiled(join(CERTIFIERS, 'loopback.ts')), compiled(join(CERTIFIERS, `${client}.ts`))]
  try {
    const printed = await new Promise<string>((done, failed) => {
      execFile(
        process.execPath,
        [...args, JSON.stringify(surroundings.hosts), JSON.stringify(task)],
        { env: { PATH: process.env['PATH'], NODE_EXTRA_CA_CERTS: ca, TMPDIR: folder }, timeout: 30_000 },
        (error, stdout, stderr) => (error === null ? done(stdout) : failed(new Error(`${error.message}\n${stderr}`))),
      )
    })
    return JSON.parse(printed) as unknown
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
