const { stripTypeScriptTypes } = require('node:module')

/** Our packages run from their TypeScript sources here; a project that installs them needs no transform of its own. */
module.exports = {
  process: (source) => ({ code: stripTypeScriptTypes(source) }),
}
