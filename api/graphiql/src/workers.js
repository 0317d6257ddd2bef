// Monaco parses and completes in web workers. build.mjs bundles them to files
// beside this script and puts their hashed names in the place of WORKER_FILES.
globalThis.MonacoEnvironment = {
  getWorker(_id, label) {
    const file = WORKER_FILES[label] ?? WORKER_FILES.editor;
    return new Worker(new URL(file, import.meta.url), { name: label });
  },
};
