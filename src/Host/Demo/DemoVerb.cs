using Appliance.Host.Composition;
using Appliance.Host.Verbs;
using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;

namespace Appliance.Host.Demo;

/// <summary>The sample country: <c>demo people</c> makes its people in this data folder, <c>demo play</c> plays the case through the REST API of two hosts.</summary>
internal sealed class DemoVerb(ModuleCatalog catalog, DataFolder data) : IVerb
{
    public string Name => "demo";

    public string Summary => "the sample country: people, or play NATIONAL-URL HUB-URL HUB-DATA";

    public bool NeedsServices => false;

    public Task<int> RunAsync(VerbInput input, VerbOutput io, CancellationToken cancel) => input.Arguments.ToArray() switch
    {
        ["people"] => PeopleAsync(io, cancel),
        ["play", var national, var hub, var hubData] => PlayAsync(new Uri(national), new Uri(hub), new DataFolder(Path.GetFullPath(hubData)), io, cancel),
        _ => throw new VerbRefusedException("'cirt demo' needs a word: 'people' makes the people of the sample country in CIRT_DATA, 'play NATIONAL-URL HUB-URL HUB-DATA' plays the case."),
    };

    private async Task<int> PeopleAsync(VerbOutput io, CancellationToken cancel)
    {
        var access = DatabaseAccess.Load(data.DatabaseAccessFile)
            ?? throw new VerbRefusedException($"The database logins are missing: {data.DatabaseAccessFile} does not exist. Run 'cirt migrate' first.");
        await using var services = VerbServices.Build(catalog, data, access, out _);
        await using var scope = services.CreateAsyncScope();
        foreach (var person in await DemoPeople.EnsureAsync(scope.ServiceProvider, data, cancel))
            await io.Out.WriteLineAsync($"{person.Name} {person.Password}");
        return 0;
    }

    private async Task<int> PlayAsync(Uri national, Uri hub, DataFolder hubData, VerbOutput io, CancellationToken cancel)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(60) };
        var home = People(data).ToDictionary(p => p.Name, p => new DemoApi(http, national, p.Token));
        var centre = People(hubData).ToDictionary(p => p.Name, p => new DemoApi(http, hub, p.Token));
        var player = new DemoPlayer(home["amina"], home["lee"], centre["lee"], national, line => io.Out.WriteLine(line));
        try
        {
            await player.PlayAsync(cancel);
            return 0;
        }
        catch (Exception fault) when (fault is InvalidOperationException or HttpRequestException or TimeoutException)
        {
            throw new VerbRefusedException($"The sample country's case stopped: {fault.Message} What was played stays; the log of the host named first says more.");
        }
    }

    private static IReadOnlyList<DemoPerson> People(DataFolder folder) =>
        DemoPeople.Load(folder) ?? throw new VerbRefusedException($"{DemoPeople.FileIn(folder)} is missing. Run 'cirt demo people' with CIRT_DATA set to {folder.Root} first.");
}
