using Appliance.Kernel.Audit;
using Appliance.Kernel.Modules;
using Appliance.Kernel.Outbox;
using Microsoft.Extensions.DependencyInjection;

namespace Appliance.Kernel;

/// <summary>The kernel as a module: its table of contents.</summary>
internal sealed class KernelModule : IModule
{
    public string Id => "kernel";

    public void Describe(IModuleBuilder builder)
    {
        builder.Services.AddSingleton<AuditChain>();
        builder
            .Worker<OutboxDispatcher>()
            .Worker<AuditSealer>()
            .AppendOnly("audit.entries")
            .AppendOnly("audit.seals");
    }
}
