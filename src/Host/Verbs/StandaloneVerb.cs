using Appliance.Kernel.Modules;

namespace Appliance.Host.Verbs;

/// <summary>A standalone program among the verbs, for the list of them; it is run before there is any.</summary>
internal sealed class StandaloneVerb(StandaloneProgram program) : IVerb
{
    public string Name => program.Name;

    public string Summary => program.Summary;

    public bool NeedsServices => false;

    public Task<int> RunAsync(VerbInput input, VerbOutput io, CancellationToken cancel) =>
        program.RunAsync([.. input.Arguments], io.Out, io.Error, cancel);
}
