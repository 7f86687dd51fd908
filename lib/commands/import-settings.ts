/** `xmpp-push import fpush`, `mongoosepush`, `mattermost`, `sygnal`: their settings as a configuration of ours, secrets in files of their own. */
import { closeSync, existsSync, linkSync, mkdirSync, openSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { readConfig } from '../config'
import { readEnvironment } from '../imports/environment'
import { type Secret, type SettingsSource, SourceRefused, type Translation } from '../imports/import'
import { faultLines } from './faults'
import { type ExitCode, type Terminal } from './terminal'
import { unread } from '../imports/unread'

export interface ImportSettingsWords {
  /** Their settings; left out where only an environment is told. */
  readonly source?: string | undefined
  /** A file with the environment of their process. */
  readonly environment?: string | undefined
  /** Where relative paths of theirs start; the folder of their settings if left out. */
  readonly root?: string | undefined
  /** The configuration to write. */
  readonly file: string
  readonly json: boolean
  readonly dryRun: boolean
}

class Failed extends Error {}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Failed(unread(file, error))
  }
}

/** Writes it if nothing is there; true if the same is there already. */
function isThere(file: string, text: string): boolean {
  if (!existsSync(file)) return false
  if (readText(file) === text) return true
  throw new Failed(`${file} is there already and says something else; name another file with --config, or move it away`)
}

/** All or nothing: a call that is broken off leaves no half of a file under its name. */
function write(file: string, text: string, mode: number): void {
  const beside = `${file}.new`
  if (existsSync(beside)) unlinkSync(beside)
  const handle = openSync(beside, 'wx', mode)
  writeFileSync(handle, text)
  closeSync(handle)
  try {
    linkSync(beside, file)
  } finally {
    unlinkSync(beside)
  }
}

function writeAll(file: string, text: string, secrets: readonly Secret[]): void {
  const files = [
    ...secrets.map((secret) => ({
      file: join(dirname(file), secret.file),
      text: `${secret.value.reveal()}\n`,
      mode: 0o600,
    })),
    { file, text, mode: 0o644 },
  ]
  const missing = files.filter((each) => !isThere(each.file, each.text))
  mkdirSync(dirname(file), { recursive: true })
  for (const each of missing) write(each.file, each.text, each.mode)
}

function lines({ taken, left, secrets }: Translation, todo: readonly string[], into: string): readonly string[] {
  return [
    ...taken.map(({ from, to }) => `TAKEN     ${from} → ${to}`),
    ...secrets.map(({ file }) => `SECRET    a file of its own: ${file}`),
    ...left.flatMap(({ where, why, mend }) => [`LEFT      ${where}: ${why}`, `          → ${mend}`]),
    ...todo,
    `${into}: ${taken.length} taken, ${left.length} left, ${todo.length / 2} to do`,
  ]
}

/** 0 where the configuration was written, whatever was left: `xmpp-push check` tells what it still needs. */
export function importSettings(
  source: SettingsSource,
  words: ImportSettingsWords,
  terminal: Terminal,
): Promise<ExitCode> {
  const tell = (text: string): ExitCode => {
    terminal.err(`xmpp-push: ${text}\n`)
    return 1
  }
  try {
    if (words.source === undefined && words.environment === undefined)
      return Promise.resolve(tell('name their settings, a file of environment variables (--env), or both'))
    const text = words.source === undefined ? undefined : readText(words.source)
    const folder = resolve(words.root ?? dirname(words.source ?? words.environment ?? '.'))
    const environment = words.environment === undefined ? '' : readText(words.environment)
    const translation = source.translate(text, { folder, environment: readEnvironment(environment) })
    const written = `${JSON.stringify(translation.settings, undefined, 2)}\n`
    const { secrets, taken, left } = translation
    const files = secrets.map(({ file }) => file)
    if (words.dryRun) {
      const report = { peer: source.name, settings: translation.settings, secrets: files, taken, left }
      const told = lines(translation, [], `${words.file}, not written (--dry-run)`).join('\n')
      terminal.out(words.json ? `${JSON.stringify(report, undefined, 2)}\n` : `${written}${told}\n`)
      return Promise.resolve(0)
    }
    writeAll(resolve(words.file), written, secrets)
    const read = readConfig({ file: words.file })
    const apps = read.is === 'faults' ? read.sound : [...read.config.apps.values()]
    // An app whose files are still to be put there keeps no service from starting, but it is to be done all the same.
    const faults = [...(read.is === 'faults' ? read.faults : []), ...apps.flatMap(({ unread = [] }) => unread)]
    const report = { peer: source.name, file: words.file, secrets: files, taken, left, faults }
    const told = lines(translation, faultLines(faults), words.file).join('\n')
    terminal.out(words.json ? `${JSON.stringify(report, undefined, 2)}\n` : `${told}\n`)
    return Promise.resolve(0)
  } catch (error) {
    if (error instanceof SourceRefused)
      return Promise.resolve(tell(`${words.source ?? words.environment ?? ''}: ${error.message}`))
    return Promise.resolve(tell(error instanceof Error ? error.message : String(error)))
  }
}
