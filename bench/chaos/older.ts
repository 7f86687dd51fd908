/**
 * An older version of the program, built from this repository's own history: the first whose PostgreSQL store was all there. Knows
 * which one by what it says, not by its commit, for a history may be written anew.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

/** Why there is nothing to build it from, and what to do. */
export class NoHistory extends Error {
  override readonly name = 'NoHistory'
}

/** What the store said from that version on, where a database hangs while it is closed: the last part that was missing. */
const SIGN = 'closed without it: what was not answered may be lost'
const FILE = 'lib/stores/postgres.ts'
const FETCH = 'fetch the whole history: git fetch --unshallow'

function git(root: string, ...words: readonly string[]): string {
  return execFileSync('git', ['-C', root, ...words], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()
}

/** The commit. Throws `NoHistory` where this is no clone, or one without its history. */
function firstOf(root: string): string {
  let isShallow: string
  try {
    isShallow = git(root, 'rev-parse', '--is-shallow-repository')
  } catch {
    throw new NoHistory(`${root} is no clone of the repository, so there is no older version to build; clone it`)
  }
  // A clone that was cut off shows everything as new in its oldest commit.
  if (isShallow === 'true') throw new NoHistory(`this clone has no older version of the program; ${FETCH}`)
  const commit = git(root, 'log', '--format=%H', `-S${SIGN}`, '--', FILE).split('\n').at(-1) ?? ''
  if (commit === '' || commit === git(root, 'rev-parse', 'HEAD')) {
    throw new NoHistory('the history of this clone does not tell which version had its PostgreSQL store first')
  }
  return commit
}

interface Package {
  readonly dependencies: Readonly<Record<string, string>>
  readonly version: string
}

const packageIn = (folder: string): Package => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Package

/** What it needs and is not there in just this version; it shares `node_modules` with the present one. */
function lacking(root: string, folder: string): readonly string[] {
  return Object.entries(packageIn(folder).dependencies)
    .filter(([name, version]) => {
      try {
        return packageIn(join(root, 'node_modules', name)).version !== version
      } catch {
        return true
      }
    })
    .map(([name, version]) => `${name} ${version}`)
}

/** Builds it into `folder`, which is made. Returns the commit in short. */
export function buildOlder(root: string, folder: string): string {
  const commit = firstOf(root)
  mkdirSync(folder)
  const archive = join(folder, 'source.tar')
  git(root, 'archive', '--output', archive, commit)
  execFileSync('tar', ['-x', '-f', archive, '-C', folder])
  const missing = lacking(root, folder)
  if (missing.length > 0) throw new Error(`version ${commit} needs ${missing.join(', ')}, and others are installed`)
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return commit.slice(0, 8)
}
