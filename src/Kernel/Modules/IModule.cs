namespace Appliance.Kernel.Modules;

/// <summary>The contract of a module, first-party and plug-in alike.</summary>
/// <remarks>
/// The host finds implementations by scanning, calls <see cref="Describe"/> once, validates all options together, checks the schema, then starts.
/// A module that fails to start leaves the rest running behind a banner and a failed health check.
/// </remarks>
public interface IModule
{
    /// <summary>Lower-case word: config section, database schema, permission prefix, log and metric prefix, URL prefix.</summary>
    string Id { get; }

    /// <summary>Resource key of the title.</summary>
    string TitleKey => $"{Id}.title";

    /// <summary>Ids of modules whose published read interfaces must be present.</summary>
    IReadOnlyList<string> Requires => [];

    /// <summary>Registers everything the module adds to the product. Pure: no I/O, no clock.</summary>
    void Describe(IModuleBuilder builder);

    /// <summary>Called once all modules are described and the schema is current. May throw <see cref="ModuleRefusedException"/> with a message for the operator.</summary>
    Task StartAsync(IServiceProvider services, CancellationToken cancel) => Task.CompletedTask;

    /// <summary>Called at shutdown with a deadline of ten seconds.</summary>
    Task StopAsync(CancellationToken deadline) => Task.CompletedTask;
}

/// <summary>A module cannot start; the message is for the operator, in three parts.</summary>
public sealed class ModuleRefusedException(string message) : Exception(message);
