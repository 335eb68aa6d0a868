using Appliance.Kernel.Modules;
using Microsoft.Extensions.DependencyInjection;

namespace Appliance.Kernel.Audit;

/// <summary><c>cirt audit verify [--head HASH]</c>: walks the chain; ends with 1 where it breaks and names the row.</summary>
internal sealed class AuditVerb : IVerb
{
    public string Name => "audit";

    public string Summary => "audit verify [--head HASH]: recompute the hash chain of the audit trail; HASH is a head written down earlier";

    public bool NeedsServices => true;

    public async Task<int> RunAsync(VerbInput input, VerbOutput io, CancellationToken cancel)
    {
        var head = input.Arguments.ToArray() switch
        {
            ["verify"] => null,
            ["verify", "--head", { Length: 64 } given] when given.All(char.IsAsciiHexDigit) => given.ToLowerInvariant(),
            _ => throw new OperatorFault("The verb 'audit' does not know that.", $"Given: {string.Join(' ', input.Arguments)}", "Write: cirt audit verify, or cirt audit verify --head followed by the 64 digits of a head."),
        };
        var state = await input.Services.GetRequiredService<AuditChain>().VerifyAsync(cancel, head);
        if (state.Holds)
        {
            await io.Out.WriteLineAsync($"the chain holds: {state.Length} entries, head {state.Head}");
            return 0;
        }
        await io.Error.WriteLineAsync($"THE CHAIN IS BROKEN after {state.Length} entries: {state.Break}");
        await io.Error.WriteLineAsync("Someone changed the audit trail in the database. Keep the database as it is, compare with the heads exported earlier, and investigate.");
        return 1;
    }
}
