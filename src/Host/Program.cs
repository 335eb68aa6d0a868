using Appliance.Host.Composition;
using Appliance.Host.Verbs;

// One executable, a few roles, chosen by the first argument.
return await VerbTable.RunAsync(args, new ModuleCatalog());
