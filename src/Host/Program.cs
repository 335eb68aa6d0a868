using Appliance.Host.Composition;
using Appliance.Host.Verbs;

// One executable, a few roles, chosen by the first argument. An engine's program runs without the catalogue, which would load every module.
return await (StandaloneProgram.TryRun(args) ?? VerbTable.RunAsync(args, new ModuleCatalog()));
