// Loaded before every entry point (node --import): an older Node cannot even read TypeScript, and would say so unhelpfully.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const fits = (major === 22 && minor >= 22) || (major === 24 && minor >= 6) || major > 24;
if (!fits) {
  console.error(
    `Plumbline needs Node 22.22, 24.6 or newer; this is ${process.version}. ` +
      'On Linux `npm ci` brings Node 24 along for its scripts (an optional dependency: do not omit those); ' +
      'elsewhere install Node 24 from https://nodejs.org and run `npm ci` again.',
  );
  process.exit(1);
}
