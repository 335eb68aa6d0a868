using Appliance.Contracts;
using Appliance.Kernel.Answers;
using Appliance.Kernel.Data;
using Microsoft.Extensions.DependencyInjection;

namespace Appliance.Uplink.Peers;

/// <summary>Section <c>hub</c> of the answer file: the centre that this team shares with, and how it lets us in.</summary>
internal sealed class HubAnswers(HubEnrolment enrolment) : IAnswerSection
{
    public string Name => "hub";

    public int Order => 70;

    public string Summary => "the centre to share with: name, url, readCollection, writeCollection, ceiling, login, password (sealed)";

    public bool IsRepeatable => true;

    public AnswerStep Prepare(AnswerMap file)
    {
        var hub = file.Map(Name, Read);
        return (run, cancel) => enrolment.ApplyAsync(Name, hub!, run, cancel);
    }

    private static Enrolment Read(AnswerMap map)
    {
        var form = new PeerForm
        {
            Name = map.Text("name"),
            Role = "hub",
            RootUrl = map.Text("url"),
            ReadCollection = map.Text("readCollection", "shared"),
            WriteCollection = map.Text("writeCollection", "inbox"),
            Ceiling = HubEnrolment.Ceiling(map),
            Trust = "trusted",
        };
        map.Fault(form.Faults(), field => field == nameof(form.RootUrl) ? "url" : char.ToLowerInvariant(field[0]) + field[1..]);
        return new(form, map.Text("login", ""), map.Has("login") || map.Has("password") ? map.Secret("password") : "");
    }
}

/// <summary>Section <c>peers</c>: at a centre, the teams that are to be let in. Brought to a machine that runs already.</summary>
internal sealed class PeerAnswers(HubEnrolment enrolment) : IAnswerSection
{
    private const int HashSigns = 64;

    public string Name => "peers";

    public int Order => 71;

    public string Summary => "at a centre, the teams to let in: name, ceiling, login, passwordHash (SHA-256; the password stands sealed in the team's own file)";

    public bool IsRepeatable => true;

    public AnswerStep Prepare(AnswerMap file)
    {
        var peers = file.Maps(Name, Read);
        return async (run, cancel) =>
        {
            foreach (var peer in peers)
                await enrolment.ApplyAsync(Name, peer, run, cancel);
        };
    }

    private static Enrolment Read(AnswerMap map)
    {
        var form = new PeerForm { Name = map.Text("name"), Role = "national", Ceiling = HubEnrolment.Ceiling(map), Trust = "trusted" };
        map.Fault(form.Faults());
        var hash = map.Text("passwordHash");
        if (hash.Length > 0 && (hash.Length != HashSigns || !hash.All(char.IsAsciiHexDigitLower)))
            map.Fault("passwordHash", "is not the SHA-256 of a password: 64 signs 0-9 a-f");
        return new(form, map.Text("login"), "") { PasswordHash = hash };
    }
}

/// <summary>A peer of an answer file.</summary>
internal sealed record Enrolment(PeerForm Form, string Login, string Password)
{
    public string PasswordHash { get; init; } = "";

    // A record prints its members; this one must not.
    public override string ToString() => $"Enrolment {Form.Name}";
}

/// <summary>Makes the peer that an answer file names, once; one of that name that is there stays as it is.</summary>
internal sealed class HubEnrolment
{
    private const string Find = "select id from uplink.peers where lower(name) = lower(@Name) and removed_at is null";

    public static Tlp Ceiling(AnswerMap map) => map.Choice("ceiling", "green", "clear", "amber", "amber-strict") switch
    {
        "clear" => Tlp.Clear,
        "amber" => Tlp.Amber,
        "amber-strict" => Tlp.AmberStrict,
        _ => Tlp.Green,
    };

    public async Task ApplyAsync(string path, Enrolment wanted, AnswerRun run, CancellationToken cancel)
    {
        var services = run.Services;
        var known = await services.GetRequiredService<Database>().FindAsync<Guid?>(Find, new { Name = wanted.Form.Name.Trim() }, cancel);
        var peer = known ?? AnswerRun.Demand(path, await services.GetRequiredService<AddPeer>().RunAsync(run.Viewer, wanted.Form, cancel)).Value;
        if (wanted.Password.Length > 0)
            AnswerRun.Demand(path, await services.GetRequiredService<SetPeerSecret>().RunAsync(run.Viewer, new(peer, wanted.Login.Length > 0 ? "basic" : "bearer", wanted.Login, wanted.Password), cancel));
        if (wanted.PasswordHash.Length > 0)
            AnswerRun.Demand(path, await services.GetRequiredService<AdmitPeer>().RunAsync(run.Viewer, new(peer, wanted.Login, Convert.FromHexString(wanted.PasswordHash)), cancel));
        await run.Output.WriteLineAsync(known is null ? $"{wanted.Form.Name} is a peer" : $"{wanted.Form.Name} is a peer already");
    }
}
